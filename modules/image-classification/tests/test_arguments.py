"""A training's arguments, as DEEP's clients send them."""

import typing

import pytest
from pelagos.module import BadInput

from pelagos_image_classification import arguments, augment, onnx_graph


def faults_of(**given: object) -> dict[str, list[str]]:
    with pytest.raises(BadInput) as caught:
        arguments.normalised(given)
    return caught.value.faults


class TestNormalising:
    def test_leaves_defaults_as_they_are(self) -> None:
        assert arguments.normalised({}) == arguments.Options(train_mode=augment.Recipe.of(augment.TRAIN_MODE))

    def test_undoes_the_json_encoding_of_deep_clients(self) -> None:
        options = arguments.normalised(
            {
                "initial_lr": "0.01",
                "lr_step_schedule": "[0.5, 0.8]",
                "num_classes": "null",
                "modelname": '"Xception"',
                "use_class_weights": "true",
                "train_mode": '{"h_flip": 1}',
                "epochs": "3",
                "images_directory": "2024",
            }
        )

        assert (options.initial_lr, options.lr_step_schedule, options.num_classes) == (0.01, (0.5, 0.8), None)
        assert (options.use_class_weights, options.epochs, options.images_directory) == (True, 3, "2024")
        assert options.train_mode == augment.Recipe(h_flip=1.0)
        assert "'Xception' is understood as an alias: the network that runs is EfficientNetLite0" in options.notes[0]

    @pytest.mark.parametrize("name", typing.get_args(arguments.NetworkName))
    def test_says_plainly_which_network_runs_for_every_older_name(self, name: str) -> None:
        notes = arguments.normalised({"modelname": f'"{name}"'}).notes

        alias = f"modelname {name!r} is understood as an alias: the network that runs is EfficientNetLite0"
        assert notes == (() if name == "EfficientNetLite0" else (alias,))

    def test_takes_a_recipe_as_a_wish_for_augmentation_and_an_empty_one_as_off(self) -> None:
        assert not arguments.normalised({"train_mode": None, "use_augmentation": None}).use_augmentation
        assert arguments.normalised({"train_mode": {"blur": 0.5}}).use_augmentation
        off = arguments.normalised({"train_mode": {}, "use_augmentation": True})
        assert not off.train_mode.active

    @pytest.mark.parametrize("no", [False, "false"])
    def test_takes_no_augmentation_for_an_answer_whatever_recipes_are_given(self, no: object) -> None:
        recipe = {"blur": 0.5}

        options = arguments.normalised({"use_augmentation": no, "train_mode": recipe, "val_mode": recipe})

        assert options.use_augmentation is False
        assert options.val_mode is None

    def test_gives_colours_only_when_their_mean_is_known(self) -> None:
        known = arguments.normalised({"mean_RGB": [1, 2, 3], "std_RGB": [4, 5, 6]})
        half, useless = arguments.normalised({"mean_RGB": [1, 2, 3]}), arguments.normalised({"std_RGB": [4, 5, 6]})

        assert known.colours == onnx_graph.Colours((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
        assert half.colours == onnx_graph.Colours((1.0, 2.0, 3.0), tuple(onnx_graph.USUAL_STD.tolist()))
        assert (known.notes, half.notes) == ((), ())
        assert useless.colours is arguments.normalised({}).colours is None
        assert useless.notes == ("std_RGB is not used, for mean_RGB was not given",)

    def test_finds_all_faults_at_once(self) -> None:
        faults = faults_of(
            split_ratios=[0.5, 0.2, 0.2],
            lr_step_schedule=[2],
            mean_RGB=[1, 2],
            train_mode={"h_flip": 7},
            val_mode=5,
            modelname="LeNet",
        )

        assert faults.keys() == {"split_ratios", "lr_step_schedule", "mean_RGB", "train_mode", "val_mode", "modelname"}
        assert "'LeNet' is not one of EfficientNetLite0, DenseNet121" in faults["modelname"][0]

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"split_ratios": "a lot"}, "split_ratios"),
            ({"split_ratios": [True, 0, 0]}, "split_ratios"),
            ({"split_ratios": [0, 0.5, 0.5]}, "split_ratios"),
            ({"mean_RGB": [1, 2]}, "mean_RGB"),
            ({"mean_RGB": [1, 2, 3], "std_RGB": [0, 1, 1]}, "std_RGB"),
        ],
    )
    def test_names_the_field_of_a_fault(self, given: dict[str, object], field: str) -> None:
        assert list(faults_of(**given)) == [field]
