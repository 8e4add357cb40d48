"""People, trained models, deployments, and the sources and proposals of the catalog."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of the hub, room by room."""
    _make_identity()
    _make_trained_models()
    _make_deployments()
    _make_sources()


def _make_identity() -> None:
    """Sessions and login keys."""


def _make_trained_models() -> None:
    """Names and aliases of trained models."""


def _make_deployments() -> None:
    """Deployments and their history."""


def _make_sources() -> None:
    """Sources of cards, and proposals with what was said about them."""
