"""Fields of the module's own."""

import marshmallow
from webargs import fields


class Quantity(fields.Field):
    """A number with its unit."""

    units = ("kWh", "m3")

    def _deserialize(self, value, attr, data, **kwargs):
        number, _, unit = str(value).partition(" ")
        try:
            number = float(number)
        except ValueError:
            raise marshmallow.ValidationError("'%s' does not begin with a number" % value)
        if unit not in self.units:
            raise marshmallow.ValidationError("Unknown unit '%s'; expected one of %s" % (unit, ", ".join(self.units)))
        return number, unit


class Upper(fields.Str):
    """Text in capitals."""

    def _deserialize(self, value, attr, data, **kwargs):
        return super()._deserialize(value, attr, data, **kwargs).upper()
