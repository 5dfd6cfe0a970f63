"""What an ONNX file says of itself before anything runs it, found by walking its protobuf.

onnxruntime would open weights kept elsewhere by the path that the graph names, and no hash of ours would cover them.
Field numbers are those of onnx.proto3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 25: "function"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
    "opset": {},
}
_ATTRIBUTE_TAGS = frozenset(b"\x2a\x32\x52\x5a\xaa\xb2\xba\xd2\xda")
"""First bytes of the fields that an attribute keeps tensors and graphs in, however their keys are written: most
attributes have none of them."""
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_NODE_DOMAIN, _FUNCTION_DOMAIN = 7, 10
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_KEYS = 1 << 32
_ONNX = frozenset({"", "ai.onnx"})
BUILT_IN = _ONNX | {"ai.onnx.ml", "com.microsoft"}
"""Domains whose operators onnxruntime has itself."""


@dataclass
class Graph:
    """`opsets`: version of each domain that is imported; `domains`: those of the operators that occur."""

    external_data: bool = False
    opsets: dict[str, int] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)
    own_domains: set[str] = field(default_factory=set)
    """Domains of functions that the file itself defines."""

    @property
    def opset(self) -> int:
        """Of ONNX's own operators; 0 if the file does not say."""
        return max((self.opsets[domain] for domain in _ONNX if domain in self.opsets), default=0)

    @property
    def foreign(self) -> list[str]:
        """Domains of operators that neither onnxruntime nor the file itself has."""
        return sorted(self.domains - BUILT_IN - self.own_domains)


def read_graph(model: bytes) -> Graph:
    """Return the facts of the whole graph, however deep. Raises ValueError on broken protobuf."""
    graph = Graph()
    _walk(memoryview(model), "model", graph)
    return graph


def _walk(message: memoryview, kind: str, graph: Graph) -> None:
    if kind == "attribute" and _ATTRIBUTE_TAGS.isdisjoint(message):
        return
    children = _CHILDREN[kind]
    opset: dict[int, int | memoryview] = {}
    for number, value in _fields(message):
        child = children.get(number)
        if child:
            if isinstance(value, memoryview):
                _walk(value, child, graph)
        elif kind == "tensor":
            if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0):
                graph.external_data = True
        elif kind == "node" and number == _NODE_DOMAIN:
            graph.domains.add(_text(value))
        elif kind == "function" and number == _FUNCTION_DOMAIN:
            graph.own_domains.add(_text(value))
        elif kind == "opset":
            opset[number] = value
    if kind == "opset":
        _note_opset(opset, graph)


def _note_opset(fields: dict[int, int | memoryview], graph: Graph) -> None:
    version = fields.get(_OPSET_VERSION, 0)
    graph.opsets[_text(fields.get(_OPSET_DOMAIN, 0))] = version if isinstance(version, int) else 0


def _text(value: int | memoryview) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, memoryview) else ""


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (field number, value) of each field; a length-delimited value is a view, a number is an int."""
    position, end = 0, len(message)
    while position < end:
        key = message[position]
        if key < 0x80:  # most keys and lengths are one byte: a large graph has many
            position += 1
        else:
            start = position
            key, position = _varint(message, position)
            # Written longer than it need be, a key would be read by onnxruntime and looked for in vain here.
            if key >> 7 * (position - start - 1) == 0 or key >= _KEYS:
                raise ValueError("not protobuf as any writer writes it")
        wire = key & 7
        if wire == _BYTES:
            if position < end and message[position] < 0x80:
                length = message[position]
                position += 1
            else:
                length, position = _varint(message, position)
        elif wire == _VARINT:
            number, position = _varint(message, position)
            yield key >> 3, number
            continue
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError("not protobuf")
        if position + length > end:
            raise ValueError("protobuf ends early")
        yield key >> 3, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return the number at `position`, and where it ends."""
    value = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
    raise ValueError("protobuf ends early")
