"""Reads medical images and runs ONNX models on them: sniff → decode → prepare → infer → explain → derive.

Stand-alone: it knows nothing of the service around it. Import from the modules, each of which loads only what it needs:

- `imaging.jpeg_png.sniff`, `imaging.decode.decode`, `imaging.errors.ImageError`
- `imaging.dicom.deidentify.deidentify`
- `imaging.model_card.read_card`, `imaging.model_selection.select_model`, `imaging.model.load_model`
- `imaging.model_check.check`
- `imaging.analysis.analyse`, `imaging.renderings.preview`, `imaging.renderings.heatmap`
"""
