// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
)

// lab is what is to be known of the demo's lab.
type lab struct {
	kubeconfig string
	istioctl   string // of the Istio to move to
	revision   string // to move to
}

// found asks the lab where its things are.
func found(ctx context.Context) (l lab, err error) {
	l.revision = strings.ReplaceAll(to, ".", "-")
	for _, q := range []struct {
		answer *string
		ask    []string
	}{
		{&l.kubeconfig, []string{"kubeconfig"}},
		{&l.istioctl, []string{"path", "istioctl-" + to}},
	} {
		if *q.answer, err = answer(ctx, "bin/lab", append(q.ask, "--name", name)...); err != nil {
			return l, err
		}
	}
	return l, nil
}
