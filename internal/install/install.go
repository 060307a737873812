// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"time"
)

// Install puts the revision in: everything that Draft checks is checked again,
// then istioctl installs. It returns when istioctl has found the control plane
// ready. An error of istioctl is a *Failure, which lists what is left behind.
// Repeating it repeats the whole install; istioctl applies, so what is there
// already stays as it is.
func (i ByIstioctl) Install(ctx context.Context, revision, version string) error {
	d, err := i.Draft(ctx, revision, version)
	if err != nil {
		return err
	}
	said, err := run(ctx, d.Istioctl.Path, i.arguments(), d.File, i.Say)
	if err == nil {
		return nil
	}
	failure := &Failure{Revision: revision, Did: d.Istioctl.Path + " install", Said: said, Err: err,
		Undo: "istioctl uninstall --revision " + revision}
	if i.Cluster != nil {
		failure.look(ctx, i)
	}
	return failure
}

// arguments are those of the install. The file comes through standard input, so
// that a killed run leaves no file behind.
func (i ByIstioctl) arguments() []string {
	timeout := i.Timeout
	if timeout == 0 {
		timeout = 5 * time.Minute
	}
	arguments := []string{"install", "-f", "-", "--skip-confirmation", "--readiness-timeout", timeout.String()}
	return append(arguments, i.reach()...)
}

// look lists what is left, even where the run itself was broken off.
func (f *Failure) look(ctx context.Context, i ByIstioctl) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	left, err := i.Leftovers(ctx, f.Revision)
	if err != nil {
		f.Unknown = fmt.Errorf("what it left behind could not be listed: %w", err)
	}
	f.Left = left
}
