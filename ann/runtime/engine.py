"""What an engine does: it runs the links of a chain, one after the other."""

import abc


class Engine(abc.ABC):
    """Runs the links of one export. Several threads may use it at a time."""

    @abc.abstractmethod
    def begin(self, images) -> list:
        """The state before the first link: the images `(batch, ...)` as the engine holds them."""

    @abc.abstractmethod
    def step(self, index: int, state: list):
        """State and NumPy logits `(batch, num_classes)` behind link `index`, from the state before it."""

    @abc.abstractmethod
    def select(self, state: list, rows) -> list:
        """The state of some of the batch. `rows`: indices `(kept,)`."""

    def run(self, images, last_exit: int, request) -> None:
        """Goes from link to link until `last_exit` or as long as the request lets it, and leaves the answers in `request`."""
        state = self.begin(images)
        for index in range(last_exit + 1):
            if index and not request.may_start(index):
                return
            state, logits = self.step(index, state)
            if index == 0:
                request.note_no_answer()  # until now
            request.newest = (index, logits)
