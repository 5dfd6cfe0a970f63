"""Reads medical images and runs ONNX models on them: sniff → decode → prepare → infer → explain → derive.

Stand-alone: it knows nothing of the service around it. Import from the modules, each of which loads only what it needs:

- `imaging.formats.sniff`, `imaging.decode.decode`, `imaging.refusal.ImageRefused`
- `imaging.model.catalogue`, `imaging.model.load_model`, `imaging.suitable.suitable`
- `imaging.analyse.analyse`, `imaging.derived.preview`, `imaging.derived.heatmap`
"""
