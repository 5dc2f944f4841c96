"""How models want to be asked: a TOML file per model, and what it makes of a prompt."""

from .profile import BOXED, FORMS, Profile, PromptStyle, SamplingDefaults, load_profile, profiles

__all__ = ["BOXED", "FORMS", "PromptStyle", "Profile", "SamplingDefaults", "load_profile", "profiles"]
