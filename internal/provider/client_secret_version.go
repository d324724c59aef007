package provider

import (
	"context"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-clerk/terraform-provider-clerk/internal/clerk"
)

// client_secret_version must never come again at an address: whatever was handed the
// secret takes it again only if the number differs. A counter in the state starts
// again at 1 with every new application, and a store then keeps the secret of an
// application that is gone. So the numbers follow the clock:
//
//   - A create gives the second in which the application was created.
//   - A rotation gives one more than the largest of the last version, the second of the
//     last change and the version floor. All are in the state, so the plan knows the
//     number.
//   - A state without a version, after an import for example, gets a version floor: the
//     second in which it was first seen. The versions that the address had before are
//     not known any more, and none of them is above the floor. The time of the last
//     change would not do: the address may have held a younger application.
//
// Two rules keep that true where operations follow each other within a second: a
// rotation is not sent before its second has come (waitForVersion), and no plan is
// made before the second of the version in the state is over (waitOutVersion).
// A wait after each create would do the latter too, but everyone would pay for it.

// maxVersionWait bounds the waits, which are a second at most unless the clocks of
// this machine and of Clerk move against each other.
const maxVersionWait = 2 * time.Second

// firstSecretVersion is the version of the secret of a new application. created is
// zero where Clerk's answer lacks it; then now counts. now is the time by Clerk's clock,
// because the next rotation counts on from a time of Clerk's.
func firstSecretVersion(created, now time.Time) types.Int64 {
	if created.IsZero() {
		created = now
	}
	return types.Int64Value(created.Unix())
}

// nextSecretVersion is the version after a rotation of the application that the state
// holds. floor is the version floor, 0 if there is none. The version is unknown where
// the state has no version, no time of the last change and no floor; the apply then
// takes its own clock.
func nextSecretVersion(state resourceModel, floor int64) types.Int64 {
	if state.ClientSecretVersion.IsNull() && state.UpdatedAt.IsNull() && floor == 0 {
		return types.Int64Unknown()
	}
	return types.Int64Value(max(state.ClientSecretVersion.ValueInt64(), timeOf(state.UpdatedAt).Unix(), floor) + 1)
}

// versionFloorKey is the key of the private state for the version floor.
const versionFloorKey = "client_secret_version_floor"

// versionFloorOf reads the version floor; 0 if there is none.
func versionFloorOf(ctx context.Context, private privateReader, diags *diag.Diagnostics) int64 {
	noted, more := private.GetKey(ctx, versionFloorKey)
	diags.Append(more...)
	floor, err := strconv.ParseInt(string(noted), 10, 64)
	if err != nil {
		return 0
	}
	return floor
}

// noteVersionFloor sets the version floor where the state has no version. A floor that
// is there already stays: what has become of the address since is in the state.
func noteVersionFloor(ctx context.Context, client *clerk.Client, private privateState, state resourceModel, diags *diag.Diagnostics) {
	if state.ClientSecretVersion.IsNull() && versionFloorOf(ctx, private, diags) == 0 {
		diags.Append(private.SetKey(ctx, versionFloorKey, strconv.AppendInt(nil, client.ServerNow().Unix(), 10))...)
	}
}

// waitForVersion waits until the second of a version has come.
func waitForVersion(ctx context.Context, client *clerk.Client, version types.Int64) {
	waitForSecond(ctx, client, version.ValueInt64())
}

// waitOutVersion waits until the second of a version is over.
func waitOutVersion(ctx context.Context, client *clerk.Client, version types.Int64) {
	waitForSecond(ctx, client, version.ValueInt64()+1)
}

func waitForSecond(ctx context.Context, client *clerk.Client, second int64) {
	now := time.Now()
	if client != nil {
		now = client.ServerNow()
	}
	if wait := time.Unix(second, 0).Sub(now); wait <= maxVersionWait {
		sleep(ctx, wait)
	}
}

// sleep waits, and reports whether it was not interrupted.
func sleep(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
