/**
 * For the list of a writing statement that is a transaction of its own: where the server is set to answer before it has
 * written, this transaction waits for the disk all the same.
 */
export const FLUSHED = `CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'local', true) END`
