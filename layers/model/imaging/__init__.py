"""Reads medical images and runs ONNX models on them: sniff → decode → prepare → infer → explain → derive.

Stand-alone: it knows nothing of the service around it. Import from the modules, each of which loads only what it needs:

- `imaging.formats.sniff`, `imaging.decode.decode`, `imaging.refusal.ImageRefused`
- `imaging.deidentify.deidentify`
- `imaging.card.read_card`, `imaging.suitable.choose`, `imaging.model.load_model`, `imaging.check.check`
- `imaging.analyse.analyse`, `imaging.derived.preview`, `imaging.derived.heatmap`
"""
