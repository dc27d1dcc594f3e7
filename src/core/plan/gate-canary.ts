import type { CanaryLook } from '../model/canary.ts'
import { CANARY_KEY } from '../model/own-keys.ts'
import type { Refusal } from './gate-facts.ts'

/** Storage and database must know each other. The mark is named, so that a person can put it right by hand. */
export function canaryRefusal({ state, mark }: CanaryLook): Refusal | null {
  switch (state) {
    case 'matches':
    case 'new':
      return null
    case 'storage-lost-it':
      return {
        code: 'canary-missing',
        what: `storage does not hold the file ${CANARY_KEY} that Cornac has put there, so it may be another storage, or an emptied one`,
        remedy: `Check where the settings point; if this storage does belong to this database, put the file back with the content ${mark}`,
        category: 'failure',
      }
    case 'foreign':
      return {
        code: 'canary-foreign',
        what: `the file ${CANARY_KEY} in storage holds the mark of another server’s database`,
        remedy: `Check where the settings point; if this storage does belong to this database, write ${mark} into the file`,
        category: 'failure',
      }
    case 'ours-lost':
      return {
        code: 'canary-unknown',
        what: `storage holds a file ${CANARY_KEY}, and Cornac’s own tables know nothing of it, so they may be another server’s`,
        remedy:
          'Check where the settings point; if this storage does belong to this database, remove the file, and Cornac compares both anew',
        category: 'failure',
      }
  }
}
