"""How Scanward is put together, on a laptop and on AWS."""
