-- What came of the beginning of a batch, while it is open: JSON, compressed with zstd before it comes here.

ALTER TABLE cornac.run_batches ADD part bytea;
ALTER TABLE cornac.run_batches ALTER part SET STORAGE EXTERNAL;
