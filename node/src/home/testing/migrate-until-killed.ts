/** A process that opens a home and is killed at once after the step that it is given. */
import { openHome } from '../home.ts'

const [root = '', last = ''] = process.argv.slice(2)

await openHome(root, {
  onStep(step) {
    if (step === last) process.kill(process.pid, 'SIGKILL')
  },
})
