"""Training methods, one file each. `base` says what a method is; `methods.registry.METHODS` names them."""
