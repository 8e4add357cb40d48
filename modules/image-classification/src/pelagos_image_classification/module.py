"""The module's face to Pelagos: what `predict` and `train` take and answer."""

from typing import Annotated, Any, Literal

from pelagos.module import Arg, BadInput, File, Folder, Module, Training

from pelagos_image_classification import arguments, classifier, dataset, images, training


class ImageClassification(Module):
    """Names what is in a picture, and learns your own classes from a folder of pictures in seconds.

    Without a trained model it knows the 1,000 classes of ImageNet.
    """

    threads = 1

    def load(self, model: Folder | None) -> None:
        """Open the pretrained classifier, or the one that a training wrote."""
        self._classifier = classifier.pretrained() if model is None else classifier.trained(model.path)

    def predict(
        self,
        image: Annotated[
            File,
            Arg("JPEG, PNG, WebP, TIFF, GIF, BMP, PPM, JPEG 2000, or DICOM with pydicom", label="Picture"),
        ],
        top_k: Annotated[int, Arg("the most probable first", ge=1, le=50, label="Classes to name")] = 5,
        ten_crop: Annotated[
            bool, Arg("look ten times (corners, centre, mirrored) and average: slower, a little surer", advanced=True)
        ] = False,
        abstain_below: Annotated[
            float, Arg("leave `label` empty when its probability is lower", ge=0, le=1, advanced=True)
        ] = 0.0,
    ) -> dict[str, Any]:
        """Name the most probable classes of one picture; the same picture always gets the same answer."""
        asked = {"image": image, "top_k": top_k, "ten_crop": ten_crop, "abstain_below": abstain_below}
        [answer] = self.predict_batch([asked])
        if isinstance(answer, BadInput):
            raise answer
        return answer

    def predict_batch(self, requests: list[dict[str, Any]]) -> list[dict[str, Any] | BadInput]:
        """Answer together what waits: first decode, then classify, for each would find its cache taken by the other."""
        views = [self._views(asked["image"], ten_crop=asked["ten_crop"]) for asked in requests]
        judged = iter(self._classifier.classify([each for each in views if not isinstance(each, BadInput)]))
        return [
            each
            if isinstance(each, BadInput)
            else self._classifier.answer(next(judged), top_k=asked["top_k"], abstain_below=asked["abstain_below"])
            for asked, each in zip(requests, views, strict=True)
        ]

    def _views(self, image: File, *, ten_crop: bool) -> images.Picture | BadInput:
        try:
            return self._classifier.views(image.data, ten_crop=ten_crop)
        except images.BadPicture as error:
            return BadInput(f"{image.name}: {error}", field="image")

    def train(  # noqa: PLR0913, PLR0917 - DEEP's arguments, by name
        self,
        run: Training,
        dataset: Annotated[
            Folder,
            Arg("classes.txt, train.txt and pictures, or a folder of pictures for each class", label="Data set"),
        ],
        mode: Annotated[
            Literal["fast", "normal", "full"],
            Arg(
                "fast: train the head on the frozen network (rung 1); normal: also more layers, while validation "
                "gains (rungs 2 and 3); full: all layers (rung 3)"
            ),
        ] = "normal",
        epochs: Annotated[int, Arg("how often each rung goes through the training pictures", ge=1, le=1000)] = 15,
        initial_lr: Annotated[
            float,
            Arg(
                "at the start, of the head; a tenth of it elsewhere (rungs 2 and 3)", gt=0, le=1, label="Learning rate"
            ),
        ] = 0.001,
        batch_size: Annotated[int, Arg("pictures in one training step (rungs 2 and 3)", ge=1, le=64)] = 16,
        image_size: Annotated[int, Arg("side of the square the network sees", ge=32, le=1000, unit="px")] = 224,
        framing: Annotated[
            Literal["pad", "crop", "squash"],
            Arg(
                "how a picture becomes a square: whole on a plain ground, its centre, or whole and squeezed",
                advanced=True,
            ),
        ] = "pad",
        modelname: Annotated[
            arguments.NetworkName, Arg("the network; older names are aliases of EfficientNetLite0", advanced=True)
        ] = arguments.NETWORK,
        num_classes: Annotated[
            int | None, Arg("how many classes you expect; checked against the data set", ge=2, advanced=True)
        ] = None,
        images_directory: Annotated[
            str, Arg("folder of the pictures in the data set; empty: found by itself", advanced=True)
        ] = "",
        split_ratios: Annotated[
            list[float], Arg("shares of training, validation and test where there are no lists", advanced=True)
        ] = (0.8, 0.1, 0.1),  # type: ignore[assignment]
        use_validation: Annotated[bool, Arg("judge every epoch by pictures that are not learned from")] = True,
        use_test: Annotated[bool, Arg("judge the finished model by the test pictures")] = True,
        use_best_model: Annotated[
            bool, Arg("keep the best epoch rather than the last (rungs 2 and 3)", advanced=True)
        ] = True,
        use_early_stopping: Annotated[bool, Arg("stop a rung when validation gains no more (rungs 2 and 3)")] = False,
        use_class_weights: Annotated[bool, Arg("weigh every class alike, however many pictures it has")] = False,
        # With choices, for the switch that forms draw for a bool says no where nobody said anything.
        use_augmentation: Annotated[
            bool | None,
            Arg("also learn from changed views of the pictures; not set: when train_mode is", choices=[True, False]),
        ] = None,
        train_mode: Annotated[
            dict[str, float] | None,
            Arg("what changes views, as in DEEP; {} is off, and so is use_augmentation=false", advanced=True),
        ] = None,
        val_mode: Annotated[
            dict[str, float] | None,
            Arg("average the final judgement over such views, unless use_augmentation=false", advanced=True),
        ] = None,
        lr_schedule_mode: Annotated[
            arguments.Schedule,
            Arg(
                "how the learning rate falls (rungs 2 and 3): at set times, where nothing gains, as a cosine, or never",
                advanced=True,
            ),
        ] = "step",
        lr_step_decay: Annotated[
            float, Arg("factor at each step of the schedule (rungs 2 and 3)", ge=0, le=1, advanced=True)
        ] = 0.1,
        lr_step_schedule: Annotated[
            list[float], Arg("where the steps are, in parts of a rung (rungs 2 and 3)", advanced=True)
        ] = (0.7, 0.9),  # type: ignore[assignment]
        lr_plateau_factor: Annotated[
            float,
            Arg("factor of `plateau`, when nothing gained for a while (rungs 2 and 3)", ge=0, le=1, advanced=True),
        ] = 0.1,
        lr_plateau_patience: Annotated[
            int, Arg("how many epochs without gain `plateau` waits for (rungs 2 and 3)", ge=0, advanced=True)
        ] = 3,
        l2_reg: Annotated[
            float, Arg("weight decay of rungs 2 and 3; rung 1 chooses its own", ge=0, le=1, advanced=True)
        ] = 0.0001,
        ckpt_freq: Annotated[
            float | None,
            Arg(
                "part of rung 2 or 3 between checkpoints to resume from; 0 or not set: every epoch, so little is lost",
                ge=0,
                le=1,
                advanced=True,
            ),
        ] = None,
        mean_RGB: Annotated[
            list[float] | None, Arg("mean colour of your pictures, 0 to 255, if unusual", advanced=True)
        ] = None,
        std_RGB: Annotated[
            list[float] | None,
            Arg("spread of the colours of your pictures, if unusual; only with mean_RGB", advanced=True),
        ] = None,
        use_tensorboard: Annotated[bool, Arg("also write TensorBoard files", advanced=True)] = True,
        seed: Annotated[int, Arg("the same seed gives the same split, views and order", ge=0, advanced=True)] = 0,
    ) -> dict[str, Any]:
        """Train a classifier on your own pictures and report how well it does."""
        given = {name: value for name, value in locals().items() if name not in {"self", "run", "dataset"}}
        return _trained(run, dataset, arguments.normalised(given))


def _trained(run: Training, folder: Folder, options: arguments.Options) -> dict[str, Any]:
    run.tensorboard = options.use_tensorboard
    try:
        return training.train(run, folder.path, options)
    except dataset.BadDataSet as error:
        raise BadInput({"dataset": error.faults}) from error
