"""The gRPC service `main.ABN` that Iter8's SDK clients speak, generated from `abn.proto`."""
