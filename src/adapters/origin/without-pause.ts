/**
 * Bodies that come faster than they are read are given up instead of paused: undici 7 ends the whole process if a connection
 * closes while its parser is paused (https://github.com/nodejs/undici/issues/5360), and any origin can bring that about.
 *
 * What waits to be read is bounded all the same: a request pauses when that reaches its `highWaterMark`.
 */
import type { Dispatcher } from 'undici'

/** As much of a body waits to be read as may be read at all. */
export class BodyOutruns extends Error {
  constructor() {
    super('the body comes faster than it can be read')
    this.name = 'BodyOutruns'
  }
}

/** Every request whose reader asks for a pause fails with `BodyOutruns`. */
export function withoutPause(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => dispatch(options, neverPausing(handler)))
}

function neverPausing(inner: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...args) => inner.onRequestStart?.(...args),
    onResponseStart: (...args) => inner.onResponseStart?.(...args),
    onResponseData(controller, chunk) {
      inner.onResponseData?.(controller, chunk)
      if (controller.paused) controller.abort(new BodyOutruns())
    },
    onResponseEnd: (...args) => inner.onResponseEnd?.(...args),
    onResponseError: (...args) => inner.onResponseError?.(...args),
  }
}
