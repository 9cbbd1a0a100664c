"""One page as it lies on the table: its size, which way its text runs, and how its points map to the displayed page."""

from collections import Counter
from dataclasses import dataclass, field

from submissions.lncs.interpreter import Box, Drawing, Paint, Run
from submissions.lncs.layout import PageLayout, is_upright, make_rows


@dataclass
class Sheet:
    """`width`, `height`: the visible box before /Rotate. `direction`: degrees by which its text turns left."""

    number: int
    width: float
    height: float
    rotate: int
    crop_cut: float
    drawing: Drawing
    hidden: dict[int, str] = field(default_factory=dict)
    direction: int = 0
    layout: PageLayout = field(default_factory=lambda: PageLayout(0, []))

    @property
    def displayed(self) -> tuple[float, float]:
        return (self.height, self.width) if self.rotate in (90, 270) else (self.width, self.height)

    @property
    def upright_size(self) -> tuple[float, float]:
        """Width and height of the page when its text reads from left to right."""
        return (self.height, self.width) if self.direction in (90, 270) else (self.width, self.height)

    def lay_out(self) -> None:
        """Find the text's direction and make rows of what is visible."""
        seen = [run for index, run in enumerate(self.drawing.runs) if index not in self.hidden]
        votes: Counter[int] = Counter()
        for run in seen:
            votes[_direction(run)] += len(run.text)
        self.direction = votes.most_common(1)[0][0] if votes else 0
        if self.direction:
            seen = [self._turn(run) for run in seen]
        self.layout = PageLayout(self.number, make_rows(run for run in seen if is_upright(run)))

    def _turn(self, run: Run) -> Run:
        x0, y0 = self._turned(run.x0, run.y0)
        x1, y1 = self._turned(run.x1, run.y1)
        return Run(
            x0, y0, x1, y1, run.size, run.text, run.font, run.order, run.mode, run.light, run.alpha, run.clipped,
            run.hidden_layer, run.in_form, run.raw,
        )  # fmt: skip

    def _turned(self, x: float, y: float) -> tuple[float, float]:
        if self.direction == 90:
            return y, self.width - x
        if self.direction == 270:
            return self.height - y, x
        if self.direction == 180:
            return self.width - x, self.height - y
        return x, y

    def _unturned(self, x: float, y: float) -> tuple[float, float]:
        if self.direction == 90:
            return self.width - y, x
        if self.direction == 270:
            return y, self.height - x
        if self.direction == 180:
            return self.width - x, self.height - y
        return x, y

    def turned_box(self, paint: Paint) -> Box:
        """A painted area in the frame of the rows."""
        a, b = self._turned(paint.box[0], paint.box[1]), self._turned(paint.box[2], paint.box[3])
        return (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))

    def shown(self, box: Box) -> Box:
        """A box in the frame of the rows, as points from the top left of the displayed page."""
        return self.shown_raw((*self._unturned(box[0], box[1]), *self._unturned(box[2], box[3])))

    def shown_raw(self, box: Box) -> Box:
        """A box in the page's own frame, as points from the top left of the displayed page."""
        corners = [self._display(box[0], box[1]), self._display(box[2], box[3])]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return (round(min(xs), 1), round(min(ys), 1), round(max(xs), 1), round(max(ys), 1))

    def _display(self, x: float, y: float) -> tuple[float, float]:
        if self.rotate == 90:
            return y, x
        if self.rotate == 180:
            return self.width - x, y
        if self.rotate == 270:
            return self.height - y, self.width - x
        return x, self.height - y


def _direction(run: Run) -> int:
    across, up = run.x1 - run.x0, run.y1 - run.y0
    if abs(across) >= abs(up):
        return 0 if across >= 0 else 180
    return 90 if up > 0 else 270
