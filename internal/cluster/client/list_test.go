// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lister serves two pages. The second expires the first expired times.
type lister struct {
	expired, requests int
}

func (l *lister) list(_ context.Context, o metav1.ListOptions) (*Page[string], error) {
	l.requests++
	switch {
	case o.Continue == "":
		return &Page[string]{ListMeta: metav1.ListMeta{Continue: "second"}, Items: []string{"a", "b"}}, nil
	case l.expired > 0:
		l.expired--
		return nil, apierrors.NewResourceExpired("the provided continue parameter is too old")
	}
	return &Page[string]{Items: []string{"c"}}, nil
}

func TestListRestartsAfterExpiredPage(t *testing.T) {
	for _, test := range []struct {
		name     string
		expired  int
		fails    bool
		requests int
	}{
		{"not expired", 0, false, 2},
		{"expired once", 1, false, 4},
		{"expired three times", 3, false, 8},
		{"expired each time", 100, true, 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &lister{expired: test.expired}
			var got []string
			err := List(t.Context(), metav1.ListOptions{}, l.list, func() { got = nil },
				func(p *Page[string]) { got = append(got, p.Items...) })
			if (err != nil) != test.fails || test.fails && !apierrors.IsResourceExpired(err) {
				t.Fatalf("got error %v", err)
			}
			if !test.fails && !slices.Equal(got, []string{"a", "b", "c"}) {
				t.Errorf("got %v, want each item once", got)
			}
			if l.requests != test.requests {
				t.Errorf("got %d requests, want %d", l.requests, test.requests)
			}
		})
	}
}

func TestListReturnsOtherErrors(t *testing.T) {
	broken := errors.New("broken")
	requests := 0
	err := List(t.Context(), metav1.ListOptions{}, func(context.Context, metav1.ListOptions) (*Page[string], error) {
		requests++
		return nil, broken
	}, func() {}, func(*Page[string]) {})
	if !errors.Is(err, broken) || requests != 1 {
		t.Errorf("got %v after %d requests", err, requests)
	}
}
