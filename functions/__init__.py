"""The slices of Scanward, one folder each; a slice never imports another."""
