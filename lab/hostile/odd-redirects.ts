/** Redirects that lead astray, far, or in circles, between origins that may be reached. */
import { answer, CLOSE, OK, PICTURE, pour, raw, says, type HostileAnswer } from './hostile-answer.ts'
import type { Vice } from '../fediverse/vices.ts'

const FOUND = 'HTTP/1.1 302 Found\r\n'

function to(location: string): Vice {
  return { kind: 'redirect-to', location }
}

function found(...lines: readonly string[]): Vice {
  return says(FOUND, CLOSE, ...lines.map((line) => `${line}\r\n`), 'Content-Length: 0\r\n\r\n')
}

/** Everybody who comes is sent on, with a cookie and another question, which only he can answer who keeps cookies. */
function cookies(): Vice {
  let asked = 0
  return raw((connection) => {
    asked++
    connection.end(
      `${FOUND}${CLOSE}Set-Cookie: seen=${asked}\r\nLocation: ?seen=${asked}\r\nContent-Length: 0\r\n\r\n`,
    )
  })
}

export function oddRedirects(): readonly HostileAnswer[] {
  return [
    answer('redirect to a picture on another origin', 'healed', ({ elsewhere }) => to(elsewhere[0])),
    answer('redirect within its own origin, without a scheme', 'healed', ({ own }) =>
      to(own.picture.slice('http:'.length)),
    ),
    answer('redirect without an authority', 'healed', ({ own }) => to(new URL(own.picture).pathname)),
    answer('redirect with backslashes for slashes', 'healed', ({ elsewhere }) =>
      to(elsewhere[1].replaceAll('/', '\\')),
    ),
    answer('redirect with a fragment', 'healed', ({ elsewhere }) => to(`${elsewhere[2]}#top`)),
    answer('redirect with 10 KB of a question', 'healed', ({ elsewhere }) =>
      to(`${elsewhere[3]}?${'a'.repeat(10_000)}`),
    ),
    answer('redirect of 100 KB', 'unreachable', ({ elsewhere }) =>
      to(`${elsewhere[0]}?${'a'.repeat(100_000)}`),
    ),
    answer('redirect of 100 KB to a private address', 'unreachable', ({ decoyPort }) =>
      to(`http://127.0.0.1:${decoyPort}/${'a'.repeat(100_000)}`),
    ),
    answer('redirect to nothing, which is itself', 'too-many-redirects', found('Location: ')),
    answer('redirect to a dot', 'gone', to('.')),
    answer('redirect to a question, again and again', 'too-many-redirects', to('?again')),
    answer('redirects with cookies, without end', 'too-many-redirects', cookies()),
    answer('redirect to two places, the first of them good', 'healed', ({ elsewhere, decoyPort }) =>
      found(`Location: ${elsewhere[0]}`, `Location: http://127.0.0.1:${decoyPort}/`),
    ),
    answer('redirect to two places, the second of them good', 'private-address', ({ elsewhere, decoyPort }) =>
      found(`Location: http://127.0.0.1:${decoyPort}/`, `Location: ${elsewhere[0]}`),
    ),
    answer('redirect in UTF-8 without escapes', 'gone', found('Location: /gr\xc3\xb6\xc3\x9fe.png')),
    answer(
      'redirect with characters that move cursors',
      'bad-url',
      found('Location: gopher:\x9b2J\x9d0;x\x9c'),
    ),
    answer('redirect of status 300', 'refused', ({ elsewhere }) =>
      says(
        'HTTP/1.1 300 Multiple Choices\r\n',
        CLOSE,
        `Location: ${elsewhere[0]}\r\nContent-Length: 0\r\n\r\n`,
      ),
    ),
    ...[305, 306].map((status) =>
      answer(`redirect of status ${status}, to a proxy`, 'refused', ({ decoyPort }) =>
        says(
          `HTTP/1.1 ${status} Use Proxy\r\n`,
          CLOSE,
          `Location: http://127.0.0.1:${decoyPort}/\r\nContent-Length: 0\r\n\r\n`,
        ),
      ),
    ),
    ...[201, 404, 503].map((status) =>
      answer(
        `a place to go to with status ${status}`,
        status === 201 ? 'healed' : status === 404 ? 'gone' : 'unavailable',
        ({ decoyPort }) =>
          says(
            `HTTP/1.1 ${status} Look there\r\n`,
            CLOSE,
            `Location: http://127.0.0.1:${decoyPort}/\r\nContent-Length: ${PICTURE.length}\r\n\r\n`,
            PICTURE,
          ),
      ),
    ),
    ...[301, 303, 307, 308].map((status) =>
      answer(`redirect of status ${status}`, 'healed', ({ elsewhere }) =>
        says(
          `HTTP/1.1 ${status} There\r\n`,
          CLOSE,
          `Location: ${elsewhere[status % 4] ?? elsewhere[0]}\r\nContent-Length: 0\r\n\r\n`,
        ),
      ),
    ),
    answer('redirect under a body without an end', 'healed', ({ elsewhere }) =>
      raw((connection, signal) => {
        connection.write(`${FOUND}${CLOSE}Location: ${elsewhere[0]}\r\n\r\n`)
        return pour(connection, Buffer.alloc(65_536), signal)
      }),
    ),
    answer('a page that leads on by itself', 'wrong-type', ({ decoyPort }) =>
      says(
        OK,
        CLOSE,
        `Refresh: 0; url=http://127.0.0.1:${decoyPort}/\r\nContent-Type: text/html\r\n\r\n`,
        `<meta http-equiv="refresh" content="0; url=http://127.0.0.1:${decoyPort}/">`,
      ),
    ),
    answer(
      'a page in the place of a redirect',
      'refused',
      says(FOUND, CLOSE, '\r\n<a href="a.png">here</a>'),
    ),
    answer('a redirect to whoever alone knows TLS', 'unreachable', ({ listeners }) =>
      to(`http://${listeners.tls}/`),
    ),
    answer('a redirect to TLS where nobody speaks it', 'unreachable', ({ own }) =>
      to(own.picture.replace('http:', 'https:')),
    ),
    answer('a redirect to TLS without a certificate', 'unreachable', ({ listeners }) =>
      to(`https://${listeners.tls}/`),
    ),
    answer('a redirect to TLS that resets', 'unreachable', ({ listeners }) =>
      to(`https://${listeners.resets}/`),
    ),
    answer('a redirect to TLS that never shakes hands', 'timeout', ({ listeners }) =>
      to(`https://${listeners.mute}/`),
    ),
    answer('a redirect to a port where nobody listens', 'unreachable', ({ listeners }) =>
      to(`http://${listeners.nobody}/`),
    ),
    answer('a redirect to port 0', 'unreachable', to('http://127.77.0.1:0/a.png')),
    answer('a redirect to who answers before the question', 'healed', ({ listeners }) =>
      to(`http://${listeners.hasty}/`),
    ),
    answer('a redirect to who closes at once', 'unreachable', ({ listeners }) =>
      to(`http://${listeners.closes}/`),
    ),
    answer('a redirect to who resets at once', 'unreachable', ({ listeners }) =>
      to(`http://${listeners.resets}/`),
    ),
    answer('a redirect to who says nothing', 'timeout', ({ listeners }) => to(`http://${listeners.mute}/`)),
    answer('a redirect to a mail server', 'unreachable', ({ listeners }) => to(`http://${listeners.mail}/`)),
    answer('a redirect to SSH', 'unreachable', ({ listeners }) => to(`http://${listeners.shell}/`)),
    answer('a redirect to who talks without end', 'unreachable', ({ listeners }) =>
      to(`http://${listeners.chatty}/`),
    ),
    answer('a redirect to who speaks a byte at a time', 'timeout', ({ listeners }) =>
      to(`http://${listeners.drips}/`),
    ),
  ]
}
