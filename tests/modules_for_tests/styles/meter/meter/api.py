"""The module as a class, which DEEPaaS documents; its arguments are read from a file of the repository."""

import os

import yaml
from deepaas.model.v2.base import BaseModel
from webargs import fields as ready
from webargs import validate

from meter import fields

FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "arguments.yaml")


class Meter(BaseModel):
    """Multiplies what a meter shows."""

    def get_metadata(self):
        return {"name": "meter", "author": "An engineer", "license": "BSD"}

    def warm(self):
        self.warmed = True

    def get_predict_args(self):
        with open(FILE) as opened:
            known = yaml.safe_load(opened)
        return {
            "reading": fields.Quantity(missing=known["reading"]["default"], description=known["reading"]["help"]),
            "factor": ready.Int(missing=known["factor"]["default"], description=known["factor"]["help"]),
            "label": fields.Upper(missing="meter"),
            "accept": ready.Str(
                location="headers",
                missing="application/json",
                validate=validate.OneOf(["application/json", "text/csv"]),
            ),
        }

    def predict(self, accept, **kwargs):
        reading = kwargs["reading"]
        number, unit = reading if isinstance(reading, tuple) else (float(reading.split()[0]), reading.split()[1])
        if accept == "text/csv":
            return "%s,%s,%s\n" % (kwargs["label"], number * kwargs["factor"], unit)
        return {"label": kwargs["label"], "value": number * kwargs["factor"], "unit": unit, "warmed": self.warmed}
