/**
 * Schedules for some turns of the event loop later, so that what is handed in meanwhile can share the work. Turns are
 * short when nothing else happens, so a lone caller hardly waits.
 */
export function afterTurns(turns: number): (run: () => void) => void {
  return (run) => {
    let left = turns
    const next = () => {
      left -= 1
      if (left <= 0) run()
      else setImmediate(next)
    }
    setImmediate(next)
  }
}
