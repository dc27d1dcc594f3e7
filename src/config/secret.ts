import { inspect } from 'node:util'

/**
 * A password or key that can only be read on purpose.
 *
 * Printing, joining into a string, logging or turning it into JSON shows `[hidden]`; only `reveal` gives the text, so a
 * search for `reveal(` finds every place where a secret leaves the configuration.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

const HIDDEN = '[hidden]'

/** A secret of the text, or null where there is none. */
export function secretOf(text: string | null): Secret | null {
  return text === null || text === '' ? null : new Secret(text)
}

/**
 * Hides the password of every `scheme://user:password@host` in a text, and of `password=` in its query.
 * Up to the last `@` before a blank counts as the password: an unescaped `@` or `/` in it must not show its tail.
 */
export function maskUrls(text: string): string {
  return text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s]*@/gi, `$1:${HIDDEN}@`)
    .replaceAll(/([?&](?:password|sslpassword)=)[^&\s]*/gi, `$1${HIDDEN}`)
}

const SECRET_NAME = /PASS|SECRET|TOKEN|_KEY$|KEY_ID$|_URL$|CREDENTIAL|database_url$/

/** Whether the value of this variable or setting may hold a secret, so that it is never quoted back. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}
