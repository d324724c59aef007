package provider

import (
	"context"
	"testing"
)

func TestBorrowedContextHoldsNothingAfterTheCall(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	var call context.Context
	_, err := callFramework(ctx, 0, func(borrowed context.Context, _ int) (int, error) {
		call = borrowed
		derived, stop := context.WithCancel(call)
		defer stop()
		if derived.Value(key{}) != "value" || derived.Err() != nil {
			t.Error("the borrowed context is not the call's")
		}
		cancel()
		if derived.Err() == nil {
			t.Error("the end of the call's context does not reach a derived one")
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
	if call.Value(key{}) != nil || call.Err() == nil {
		t.Error("the context still holds values after the call")
	}
	if _, limited := call.Deadline(); limited {
		t.Error("the context has a deadline after the call")
	}
}
