/** How stores spoil listings. Each is one vice; several may be had at once. */
import { compareKeys } from '../../../src/core/model/key-order.ts'
import type { S3Answer, S3Vice } from '../s3-dialect.ts'
import { isBulkRemoval, isListing, isSingleRemoval, keysIn, keyOf, rewrite } from './recognise.ts'

/** Changes the text of every page; `number` counts from 0. */
function everyPage(change: (xml: string, number: number) => string): S3Vice {
  let number = 0
  return async (asked, pass) => {
    const answer = await pass(asked)
    if (answer === 'silence' || !isListing(asked) || answer.status !== 200) return answer
    const at = number++
    return rewrite(answer, (xml) => change(xml, at))
  }
}

/** Every page calls itself the last: nobody can see that more follows. */
export function callsItselfComplete(): S3Vice {
  return everyPage((xml) =>
    xml
      .replace('<IsTruncated>true', '<IsTruncated>false')
      .replace(/<NextContinuationToken>.*<\/NextContinuationToken>/, ''),
  )
}

/** More is to come, and no page says from where. */
export function truncatedWithoutToken(): S3Vice {
  return everyPage((xml) => xml.replace(/<NextContinuationToken>.*<\/NextContinuationToken>/, ''))
}

/** From the second page on the same page comes again and again, with the token that leads to it. */
export function repeatsPage(): S3Vice {
  let second: string | undefined
  return everyPage((xml, number) => (number === 0 ? xml : (second ??= xml)))
}

/** Pages without names lead to each other in a circle. */
export function leadsInCircle(): S3Vice {
  return everyPage((xml, number) =>
    number === 0
      ? xml
      : xml
          .replaceAll(/<Contents>.*?<\/Contents>/gs, '')
          .replace('<IsTruncated>false', '<IsTruncated>true')
          .replace(/<NextContinuationToken>.*<\/NextContinuationToken>/, '')
          .replace(
            '</ListBucketResult>',
            `<NextContinuationToken>${['here', 'there'][number % 2]}</NextContinuationToken></ListBucketResult>`,
          ),
  )
}

/** The first two names of every page change places. */
export function outOfOrder(): S3Vice {
  return everyPage((xml) =>
    xml.replace(
      /(<Contents>.*?<\/Contents>)(<Contents>.*?<\/Contents>)/s,
      (_, a: string, b: string) => b + a,
    ),
  )
}

/**
 * At most so many names although more were asked for and follow, as stores give that read their index in pieces: what the
 * store gave beyond comes as pages of its own.
 */
export function shortPages(most: number): S3Vice {
  const rests = new Map<string, { readonly answer: S3Answer; readonly contents: readonly string[] }>()
  let made = 0
  const cut = (answer: S3Answer, contents: readonly string[]): S3Answer => {
    const now = contents.slice(0, most)
    const rest = contents.slice(most)
    const others = answer.body.toString().replaceAll(/<Contents>.*?<\/Contents>/gs, '')
    if (rest.length === 0) return rewrite(answer, () => others.replace(END, () => now.join('') + END))
    const token = `rest-${made++}`
    rests.set(token, { answer, contents: rest })
    const xml = others
      .replace(/<NextContinuationToken>.*<\/NextContinuationToken>/, '')
      .replace(/<IsTruncated>.*<\/IsTruncated>/, '<IsTruncated>true</IsTruncated>')
      .replace(END, () => `${now.join('')}<NextContinuationToken>${token}</NextContinuationToken>${END}`)
    return rewrite(answer, () => xml)
  }
  return async (asked, pass) => {
    if (!isListing(asked)) return await pass(asked)
    const token = new URLSearchParams(asked.url.split('?')[1]).get('continuation-token') ?? ''
    const rest = rests.get(token)
    if (rest !== undefined) return cut(rest.answer, rest.contents)
    const answer = await pass(asked)
    if (answer === 'silence' || answer.status !== 200) return answer
    return cut(answer, answer.body.toString().match(/<Contents>.*?<\/Contents>/gs) ?? [])
  }
}

const END = '</ListBucketResult>'

/**
 * What was removed is still listed for `ms` milliseconds of `now`, although a look says it is gone. Only names that a listing
 * through this vice has shown are remembered, and only listings of one page are haunted.
 */
export function listsRemovedFor(ms: number, now: () => number): S3Vice {
  const seen = new Map<string, string>()
  const ghosts = new Map<string, number>()
  return async (asked, pass) => {
    const answer = await pass(asked)
    if (answer === 'silence' || answer.status >= 300) return answer
    if (isBulkRemoval(asked)) for (const key of keysIn(answer.body.toString())) ghosts.set(key, now() + ms)
    if (isSingleRemoval(asked)) ghosts.set(keyOf(asked), now() + ms)
    if (!isListing(asked)) return answer
    return rewrite(answer, (xml) => {
      const listed = new Map<string, string>()
      for (const part of xml.match(/<Contents>.*?<\/Contents>/gs) ?? [])
        listed.set(decodeURIComponent(keysIn(part)[0]!.replaceAll('+', ' ')), part)
      for (const [key, part] of listed) seen.set(key, part)
      for (const [key, until] of ghosts) {
        const part = seen.get(key)
        if (now() < until && part !== undefined) listed.set(key, part)
      }
      const parts = [...listed].sort(([a], [b]) => compareKeys(a, b)).map(([, part]) => part)
      return xml.replaceAll(/<Contents>.*?<\/Contents>/gs, '').replace(END, () => parts.join('') + END)
    })
  }
}
