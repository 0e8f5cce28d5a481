"""JSON Schemas of the documents that people write, for editors and for tools that know nothing of Python.

They follow the models that decode the documents. Draft 7, without references: that is what every editor handles.
"""
