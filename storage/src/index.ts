/** Opens a database and brings its tables up to date. Which tables there are is the business of each package. */

export { type Database, type Dialect, type OpenOptions, openDatabase } from './database.ts'
export { type ConstraintKind, StorageError, type StorageErrorDetail } from './errors.ts'
export { type Location, parseLocation } from './location.ts'
export type { MigrateOptions, Migration, PackageMigrations } from './migrate.ts'
export { applyStoreChanges, sqlStore, storeMigrations } from './sql-store.ts'
