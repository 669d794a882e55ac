import { defineConfig } from 'vitest/config'
import { ClosingLineReporter } from './interop-tests/gate/closing-line-reporter.ts'

export default defineConfig({
  test: {
    include: ['*/src/**/*.test.ts', '*/tests/**/*.test.ts', 'interop-tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', new ClosingLineReporter()],
  },
})
