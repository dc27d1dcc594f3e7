/** Whether a request got as far as a connection: what tells a host out of reach from one that breaks off. */
import { DecoratorHandler } from 'undici'
import type { Dispatcher } from 'undici'

/** Calls `note` when a connection has taken the request: after the name, TCP and TLS. */
export function noteStart(dispatcher: Dispatcher, note: () => void): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => dispatch(options, noting(handler, note)))
}

function noting(handler: Dispatcher.DispatchHandler, note: () => void): Dispatcher.DispatchHandler {
  // Speaks the interface of today to us, whichever of undici's two the handler speaks.
  const inner: Dispatcher.DispatchHandler = new DecoratorHandler(handler)
  return {
    onRequestStart(controller, context) {
      note()
      inner.onRequestStart?.(controller, context)
    },
    onResponseStart(controller, status, ...rest) {
      // Hints and "in progress" come before the answer, as many as an origin likes (RFC 9110, section 15.2).
      if (status >= 200) inner.onResponseStart?.(controller, status, ...rest)
    },
    onResponseData: (...args) => inner.onResponseData?.(...args),
    onResponseEnd: (...args) => inner.onResponseEnd?.(...args),
    onResponseError: (...args) => inner.onResponseError?.(...args),
  }
}
