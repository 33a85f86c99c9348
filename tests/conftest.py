from hypothesis import settings

settings.register_profile("handgrad", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("handgrad")
