// Sends one of each call with Segment's Node client and prints what it says of each: node send.mjs HOST WRITE_KEY
import { Analytics } from '@segment/analytics-node'

const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host, flushAt: 20, maxRetries: 0 })
const failed = []
analytics.on('error', (error) => failed.push(String(error.reason ?? error.code ?? error)))

const userId = 'node-1'
analytics.identify({ userId, traits: { email: 'ada@example.com' } })
analytics.track({ userId, event: 'Order Completed', properties: { order_id: 'o-1', total: 12.5 } })
analytics.page({ userId, name: 'Home' })
analytics.screen({ userId, name: 'Cart' })
analytics.group({ userId, groupId: 'g-1' })
analytics.alias({ userId, previousId: 'old-1' })
await analytics.closeAndFlush({ timeout: 10000 })
console.log(JSON.stringify({ failed }))
