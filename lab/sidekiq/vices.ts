/** How a worker can misbehave. Each vice is one fault, so that a test knows which one it met. */
export type WorkerVice =
  /** The whole process ends in the middle of the job, as if killed: the job is lost, its last beat stays in Redis */
  | { readonly kind: 'dies' }
  /** Begins only after that time */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Ends well and has done nothing */
  | { readonly kind: 'swallows' }
  /** Raises, so that it is tried again */
  | { readonly kind: 'raises' }
