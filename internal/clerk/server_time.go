package clerk

import "time"

// ServerNow returns the current time by Clerk's clock, as far as the latest answer
// tells it, and by the local clock before the first answer.
func (c *Client) ServerNow() time.Time {
	return c.serverTime(time.Now())
}
