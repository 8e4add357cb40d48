"""Entry points that name an instance or a class; a class is documented by DEEPaaS, but stops its server."""

from webargs import fields


class Model:
    """The functions as methods."""

    def __init__(self):
        self.calls = 0

    def get_metadata(self):
        return {"name": "probe of objects", "description": "methods"}

    def get_predict_args(self):
        return {"text": fields.Str(missing="?")}

    def warm(self):
        raise NotImplementedError

    def predict(self, text, **kwargs):
        self.calls += 1
        return text.upper()


INSTANCE = Model()
