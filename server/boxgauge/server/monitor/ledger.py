"""The memory bound: how many boxes and image sides are held, over all monitors."""

from boxgauge.frames import ResourceExhaustedError


class Ledger:
    """Counts what is held and refuses more before it is held.

    Args:
        max_boxes: Bound on boxes, both sides.
        max_images: Bound on image sides, so that empty ones are bounded too.
    """

    def __init__(self, max_boxes: int, max_images: int) -> None:
        self.max_boxes = max_boxes
        self.max_images = max_images
        self.boxes = 0
        self.images = 0

    def take(self, boxes: int, images: int) -> None:
        """Count this much more; negative where a smaller side replaces.

        Raises:
            ResourceExhaustedError: A bound would be passed; nothing is counted.
        """
        self.check(boxes, images)
        self.boxes += boxes
        self.images += images

    def check(self, boxes: int, images: int) -> None:
        """Check that so much more may be held.

        Raises:
            ResourceExhaustedError: A bound would be passed.
        """
        if boxes > 0 and self.boxes + boxes > self.max_boxes:
            raise ResourceExhaustedError(
                f"max_held_boxes is {self.max_boxes}: {self.boxes} are held, {boxes} more came",
                field="max_held_boxes",
                value=self.max_boxes,
            )
        if images > 0 and self.images + images > self.max_images:
            raise ResourceExhaustedError(
                f"max_held_images is {self.max_images}: {self.images} are held, {images} more came",
                field="max_held_images",
                value=self.max_images,
            )

    def share(self) -> "Share":
        """Return a new part of the count, for one monitor or one evaluation."""
        return Share(self)


class Share:
    """One holder's part of what is held."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.boxes = 0
        self.images = 0

    def take(self, boxes: int, images: int) -> None:
        """Count this much more here and in the whole.

        Raises:
            ResourceExhaustedError: A bound would be passed; nothing is counted.
        """
        self._ledger.take(boxes, images)
        self.boxes += boxes
        self.images += images

    def check(self, boxes: int, images: int) -> None:
        """Check that so much more may be held in the whole.

        Raises:
            ResourceExhaustedError: A bound would be passed.
        """
        self._ledger.check(boxes, images)

    def hold(self, boxes: int, images: int) -> None:
        """Count this holder as holding so much, whatever it held before."""
        self._ledger.boxes += boxes - self.boxes
        self._ledger.images += images - self.images
        self.boxes, self.images = boxes, images

    def release(self) -> None:
        """Count this holder as empty."""
        self._ledger.boxes -= self.boxes
        self._ledger.images -= self.images
        self.boxes = self.images = 0
