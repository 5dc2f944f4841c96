"""How models want to be asked: a TOML file per model, and what it makes of a prompt."""

from .profile import BOXED, PROFILES, Profile, PromptStyle, SamplingDefaults, load_profile, profiles, readable_profiles

__all__ = [
    "BOXED",
    "PROFILES",
    "PromptStyle",
    "Profile",
    "SamplingDefaults",
    "load_profile",
    "profiles",
    "readable_profiles",
]
