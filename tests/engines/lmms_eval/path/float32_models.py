"""lmms-eval's own model in float32: as it is it loads checkpoints in bfloat16, which rounds the tiny one's answers."""

from lmms_eval.models.chat.qwen2_5_vl import Qwen2_5_VL
from transformers import AutoModelForImageTextToText


class Qwen(Qwen2_5_VL):
    """models/chat/qwen2_5_vl.py."""

    def __init__(self, pretrained, **given):
        super().__init__(pretrained=pretrained, **given)
        self._model = AutoModelForImageTextToText.from_pretrained(pretrained, dtype="float32").eval()
