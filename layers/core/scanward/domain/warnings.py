"""What each code among a result's `warnings` means, to somebody who knows images."""

MEANINGS = {
    "LOW_CONTRAST": "The prepared image has hardly any contrast; scores are unreliable.",
    "INVERTED": "The image looks like a negative; scores are unreliable.",
    "COLOUR_PHOTOGRAPH": "The image is a colour photograph; scores mean nothing.",
    "DOCUMENT": "The image looks like a page of text; scores mean nothing.",
    "UNFAMILIAR": "The image does not look like those the model was made for; scores are unreliable.",
    "BELOW_OPERATING_POINT": "The label with the highest score is below its operating point: nothing was found.",
    "NO_UNITS": "The model reads units that the file does not give; values were taken as shown, scores are unreliable.",
    "HEAT_INCOMPLETE": "A finding has no heat: the model was too slow for it, or its activation is not a number.",
    "MIDDLE_FRAME_ONLY": "Only the middle frame of a multi-frame image was read.",
    "BURNED_IN_TEXT_NOT_REMOVED": "Text burned into the pixels is still in the de-identified copy.",
    "NO_DEIDENTIFIED_COPY": "The file could not be de-identified; there is no such copy.",
    "NO_SUITABLE_MODEL": "No installed model accepts this modality and body part; the image was not read.",
    "UNKNOWN_MODEL": "No installed model has the name that was asked for; the image was not read.",
}
