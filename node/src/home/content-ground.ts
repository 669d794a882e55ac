/** Adapter: where a home keeps content of calls: keys of records in `state.db`, ciphertext in `blobs/`, the key of those keys in `keys/`. */
import type { Database } from '@hansa/storage'
import { createSecretFile, KeyFileError, readSecretFile } from '@hansa/trust'
import { blobDirectory } from '../content/blob-directory.ts'
import type { ContentGround } from '../content/content-store.ts'
import { sqlContentRecords } from '../content/sql-content-records.ts'
import type { HomePaths } from './home-paths.ts'

export function contentGround<DB>(database: Database<DB>, { blobs, contentKey }: HomePaths): ContentGround {
  return {
    records: sqlContentRecords(database),
    blobs: blobDirectory(blobs),
    async key(create) {
      try {
        return await readSecretFile(contentKey, 'content-key')
      } catch (error) {
        const missing = error instanceof KeyFileError && error.detail.code === 'key_file_missing'
        if (!missing || !create) throw error
        return createSecretFile(contentKey, 'content-key')
      }
    },
  }
}
