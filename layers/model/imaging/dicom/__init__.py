"""DICOM (PS3): the only folder that knows pydicom, which is imported when the first DICOM file comes."""
