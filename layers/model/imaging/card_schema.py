"""What a model's card may say, checked strictly: the schema of card.json."""

from base64 import b64decode
from math import isfinite
from struct import iter_unpack
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from imaging.bounds import MAX_INPUT_SIDE

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Range = tuple[FiniteFloat, FiniteFloat]
Side = Annotated[int, Field(gt=0, le=MAX_INPUT_SIDE)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Flag = Literal["LOW_CONTRAST", "INVERTED", "COLOUR_PHOTOGRAPH", "DOCUMENT", "UNFAMILIAR"]
"""What the input gate may say of an image."""

Values = Literal["shown", "stored", "units"]
Resize = Literal["pad", "stretch", "crop", "short-side-crop"]
Interpolation = Literal[
    "box-bilinear",
    "bilinear",
    "bilinear-no-antialias",
    "bicubic",
    "lanczos",
    "area",
    "nearest",
    "gaussian-linear",
]
BitDepth = Literal["stored", "8", "8-to-float"]
"""`8`: 8-bit images that stay so when resized; `8-to-float`: resizing gives what lies between the 256 values."""
Standardise = Literal["z-score", "z-score-floor"]
Padding = FiniteFloat | Literal["mean", "edge"]


class Block(BaseModel):
    """A part of the card that code reads: a key it does not know is a slip of the pen, and refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Block):
    """One output of the model."""

    id: Name
    title: Text
    operating_point: Annotated[FiniteFloat, Field(gt=0, lt=1)]
    """The calibrated score from which on the finding counts as positive."""
    finding: bool = True
    """False for the label that says that there is none."""
    trained: bool = True
    """False where the output exists but was never trained: it is not shown."""


class Tensor(Block):
    """The tensor the model takes."""

    node: Text
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    channels: Literal[1, 3]
    colour: bool = False
    """Whether the three channels are red, green and blue; else they are three times the same grey."""
    channels_order: Literal["RGB", "BGR"] = "RGB"
    height: Side
    width: Side
    range: Range
    """The values of black and of white."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.range[0] == self.range[1]:
            raise ValueError("`range` must not be empty")
        if self.colour and self.channels != 3:
            raise ValueError("`colour` needs three channels")
        if self.channels_order == "BGR" and not self.colour:
            raise ValueError("`channels_order` 'BGR' goes with `colour` alone: three equal greys have no order")
        return self


class Preprocessing(Block):
    """How a picture becomes the tensor. `name` and `version` stand for all of it in a result."""

    name: Text
    version: Text
    values: Values = "shown"
    window: Range | None = None
    window_percentiles: Range | None = None
    """Which of the image's own values become black and white, in percent of its pixels."""
    bit_depth: BitDepth = "stored"
    resize: Resize
    short_side: Side | None = None
    padding: Padding | None = None
    """A number in the tensor's range, or black; `mean`: 0 once all is normalised; `edge`: the picture's last pixels."""
    interpolation: Interpolation = "box-bilinear"
    standardise: Standardise | None = None
    mean: tuple[FiniteFloat, ...] | None = None
    std: tuple[Annotated[FiniteFloat, Field(gt=0)], ...] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.values == "units") != (self.window is not None):
            raise ValueError("`window` goes with values 'units', always and only")
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError("`window` must rise")
        if (self.resize == "short-side-crop") != (self.short_side is not None):
            raise ValueError("`short_side` goes with resize 'short-side-crop', always and only")
        if (self.mean is None) != (self.std is None):
            raise ValueError("`mean` and `std` go together")
        if self.interpolation == "box-bilinear" and self.bit_depth != "stored":
            raise ValueError("interpolation 'box-bilinear' works on stored values: `bit_depth` must be 'stored'")
        if self.interpolation == "gaussian-linear" and self.bit_depth == "8":
            raise ValueError("interpolation 'gaussian-linear' gives no 8-bit images: `bit_depth` must be '8-to-float'")
        return self

    @model_validator(mode="after")
    def _measures_the_image(self) -> Self:
        if self.window_percentiles is not None:
            self._check_percentiles(*self.window_percentiles)
        if self.standardise and self.mean:
            raise ValueError("`standardise` takes the image's own mean and deviation: `mean` and `std` must be absent")
        if self.padding is not None and self.resize != "pad":
            raise ValueError("`padding` goes with resize 'pad' alone")
        if self.padding == "mean" and not (self.mean or self.standardise):
            raise ValueError("padding 'mean' needs `mean` and `std`, or `standardise`")
        return self

    def _check_percentiles(self, low: float, high: float) -> None:
        if not 0 <= low < high <= 100:
            raise ValueError("`window_percentiles` must rise, from 0 to 100")
        if self.values == "units":
            raise ValueError("`window_percentiles` go with values 'shown' or 'stored': units have their `window`")
        if self.interpolation == "box-bilinear":
            raise ValueError("`window_percentiles` are taken of all pixels: interpolation must not be 'box-bilinear'")


class Output(Block):
    """The model's outputs: a score for each label and, to explain it, one for each label and cell of a grid."""

    scores: Text
    kind: Literal["logits", "scores"] = "logits"
    decision: Literal["each", "one"] = "each"
    """`each`: labels are judged independently; `one`: exactly one is chosen."""
    activation: Text | None = None
    grid: tuple[PositiveInt, PositiveInt] | None = None
    occlusion_runs: Annotated[int, Field(gt=0, le=2000)] | None = None
    """How often the graph is run to explain an image, where it has no activation."""

    @model_validator(mode="after")
    def _explains_once(self) -> Self:
        if self.activation and self.occlusion_runs:
            raise ValueError("`occlusion_runs` is for a network without an `activation`")
        return self


class Calibration(Block):
    """Logits are divided by the temperature before they become scores."""

    temperature: Annotated[FiniteFloat, Field(gt=0)]
    fitted_on: str = ""


class Accepts(Block):
    """Which studies the model may read: DICOM's codes, and what an upload may call itself."""

    modalities: tuple[Text, ...]
    body_parts: tuple[Text, ...]
    scan_types: tuple[Literal["XRAY", "CT", "MRI"], ...] = ()
    unlabelled: bool = False
    """Whether it reads an image of which nothing is said: a PNG or JPEG whose upload names no kind of scan."""
    unstated: bool = False
    """Whether it reads an image whose header says the modality and not the body part."""
    views: tuple[Text, ...] = ()
    lateralities: tuple[Literal["R", "L", "U", "B"], ...] = ()
    planes: tuple[Literal["AXIAL", "SAGITTAL", "CORONAL"], ...] = ()
    image_types: tuple[Text, ...] = ()
    """Values of ImageType, of which the image must have one."""
    ages: tuple[Annotated[FiniteFloat, Field(ge=0)], Annotated[FiniteFloat, Field(le=150)]] | None = None
    """The youngest and the oldest, in years."""
    sexes: tuple[Literal["M", "F", "O"], ...] = ()
    study_descriptions: tuple[Text, ...] = ()
    """Words of which one must be in the description, whatever their case."""
    series_descriptions: tuple[Text, ...] = ()
    required: tuple[Literal["view", "laterality", "plane", "sex", "age"], ...] = ()
    """What the header must say. Without it, a rule is broken only by a header that says another thing."""
    animals: bool = False
    """Whether it reads images of animals."""

    RULES: ClassVar[tuple[str, ...]] = (
        "views", "lateralities", "planes", "image_types", "ages", "sexes", "study_descriptions", "series_descriptions",
    )  # fmt: skip

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.ages and self.ages[0] > self.ages[1]:
            raise ValueError("`ages` must rise")
        if self.unlabelled and self.required:
            raise ValueError("an image of which nothing is said has no header that says what is `required`")
        return self


class Familiar(Block):
    """What prepared images of the right kind look like, coarsely: see `imaging.input_checks`."""

    grid: Annotated[int, Field(ge=4, le=64)]
    mean: tuple[FiniteFloat, ...]
    spread: tuple[Annotated[FiniteFloat, Field(gt=0)], ...]
    limit: Annotated[FiniteFloat, Field(gt=0)]
    axes: Annotated[bytes, Field(max_length=1_000_000)] = b""
    """How right images differ from each other: directions, each of a half-precision number for each cell, in base64."""

    @field_validator("axes", mode="before")
    @classmethod
    def _decode(cls, text: object) -> object:
        return b64decode(text, validate=True) if isinstance(text, str) else text

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not len(self.mean) == len(self.spread) == self.grid**2:
            raise ValueError("`mean` and `spread` have one number for each cell of the grid")
        if len(self.axes) % (2 * self.grid**2):
            raise ValueError("`axes` have one half-precision number for each cell of the grid")
        if not all(isfinite(number) for (number,) in iter_unpack("<e", self.axes)):
            raise ValueError("`axes` must be finite")  # else nothing would be far from what is familiar
        return self


class DrawingGate(Block):
    """An output of the graph: one logit an image, at or above `limit` for drawings as the model was trained on."""

    node: Text
    limit: FiniteFloat


class Gate(Block):
    """Which of the gate's warnings refuse the image, and what it is compared with.

    `drawing`: of a model that reads drawings alone. Whatever else it is shown has no findings.
    """

    refuse: tuple[Flag, ...] = ()
    familiar: Familiar | None = None
    drawing: DrawingGate | None = None


class CardDocument(BaseModel):
    """A whole card. What the code does not read is for people, and free."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Name
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$")]
    title: Text
    notice: Text
    licence: Text
    sha256: Hash
    opset: PositiveInt
    input: Tensor
    preprocessing: Preprocessing
    output: Output
    labels: Annotated[tuple[Label, ...], Field(min_length=1, max_length=1000)]
    calibration: Calibration
    accepts: Accepts
    gate: Gate = Gate()
    reference: bool = False
    """Of the models that come with Scanward: they know drawings alone, and any other model comes before them."""
    words_sha256: Hash | None = None
    knowledge_sha256: Hash | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if len({label.id for label in self.labels}) < len(self.labels):
            raise ValueError("labels must differ")
        trained_labels = [label for label in self.labels if label.trained]
        if not any(label.finding for label in trained_labels):
            raise ValueError("at least one trained label must be a finding")
        if self.output.decision == "one" and len(trained_labels) < 2:
            raise ValueError("a choice needs two trained labels")
        if self.output.decision == "each" and not all(label.finding for label in trained_labels):
            raise ValueError("labels that are judged one by one are findings: no positive one means that there is none")
        if self.output.kind == "scores" and self.calibration.temperature != 1:
            raise ValueError("scores are taken as they are: `temperature` must be 1")
        if 0 < (self.preprocessing.short_side or 0) < max(self.input.height, self.input.width):
            raise ValueError("`short_side` must not be smaller than the input")
        for name in ("mean", "std"):
            numbers = getattr(self.preprocessing, name)
            if numbers is not None and len(numbers) != self.input.channels:
                raise ValueError(f"`{name}` has one number for each channel")
        padding = self.preprocessing.padding
        if isinstance(padding, float) and not min(self.input.range) <= padding <= max(self.input.range):
            raise ValueError("`padding` must lie in the input's `range`")
        return self

    @model_validator(mode="after")
    def _takes_colour(self) -> Self:
        if self.input.colour and self.preprocessing.values == "units":
            raise ValueError("colours have no units: `values` must be 'shown' or 'stored'")
        if self.input.colour and "COLOUR_PHOTOGRAPH" in self.gate.refuse:
            raise ValueError("a model that takes `colour` cannot refuse COLOUR_PHOTOGRAPH")
        return self


def texts(errors: list[Any]) -> str:
    """Return validation errors as one line, for the person who wrote the card."""
    return "; ".join(f"{'.'.join(map(str, error['loc'])) or 'card'}: {error['msg']}" for error in errors)
