// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/cluster/record"
	"github.com/rerig/rerig/internal/install"
)

// besideFile are the flags that may be given together with a file: they say
// nothing about the mesh.
var besideFile = map[string]bool{"file": true, "istioctl": true, "yes": true, "lease-duration": true, "patches": true,
	"kubeconfig": true, "context": true, "istio-namespace": true, "output": true, "no-color": true, "verbose": true}

// MeshUpgrade returns the validated MeshUpgrade that the flags, or the file they
// name, ask for. Every error is one of the command line or of the file.
func (f *Flags) MeshUpgrade(ctx context.Context, stdin io.Reader) (*v1alpha1.MeshUpgrade, error) {
	u, err := f.read(ctx, stdin)
	if err != nil {
		return nil, err
	}
	if err := canonicalize(u); err != nil {
		return nil, err
	}
	if err := validate(u); err != nil {
		return nil, err
	}
	return u, validateSelection(u.Spec, f.Stated)
}

// Source returns where the IstioOperator comes from, as far as the command line
// tells, and "" otherwise.
func (f *Flags) Source() string {
	switch {
	case f.operator != "":
		return f.operator
	case f.File != "":
		return f.File + " (spec.install)"
	}
	return ""
}

func (f *Flags) read(ctx context.Context, stdin io.Reader) (*v1alpha1.MeshUpgrade, error) {
	if f.File != "" {
		return f.fromFile(stdin)
	}
	f.Stated.Fields = map[string]bool{}
	for _, c := range changeable {
		f.Stated.Fields[c.name] = f.changed(c.flag)
	}
	return f.fromFlags(ctx)
}

func (f *Flags) fromFile(stdin io.Reader) (*v1alpha1.MeshUpgrade, error) {
	var extra []string
	f.set.Visit(func(flag *pflag.Flag) {
		if !besideFile[flag.Name] {
			extra = append(extra, "--"+flag.Name)
		}
	})
	if len(extra) > 0 {
		return nil, fmt.Errorf("read the command line: -f cannot be combined with %s; set the field in the file", strings.Join(extra, ", "))
	}
	content, err := f.content(stdin)
	if err != nil {
		return nil, fmt.Errorf("read the MeshUpgrade file: %w", err)
	}
	u, err := record.ReadMeshUpgrade(content)
	if err != nil {
		return nil, err
	}
	f.Stated.File = f.File
	f.Stated.Fields, err = record.SpecFields(content)
	if u.Name == "" {
		u.Name = defaultName(u.Spec.Revision)
	}
	return &u, err
}

func (f *Flags) content(stdin io.Reader) ([]byte, error) {
	if f.File == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(f.File)
}

func (f *Flags) fromFlags(ctx context.Context) (*v1alpha1.MeshUpgrade, error) {
	switch { // in a file, 0 is the default
	case f.changed("waves") && f.waveCount == 0:
		return nil, errWaveCount(f.waveCount)
	case f.changed("parallel") && f.maxParallel == 0:
		return nil, errMaxParallel(f.maxParallel)
	}
	u := &v1alpha1.MeshUpgrade{ObjectMeta: metav1.ObjectMeta{Name: f.name}}
	u.Spec = Spec{
		Version: f.version, WaveCount: f.waveCount, MaxParallel: f.maxParallel, RollbackOnFailure: f.rollbackOnFailure,
		Strategy: f.strategy, Trial: f.trial, Tags: f.tags, Labels: f.labels, Gateways: f.gateways, From: f.from, RemoveOld: f.removeOld,
	}
	if f.changed("ready-timeout") {
		u.Spec.ReadyTimeout = &metav1.Duration{Duration: f.readyTimeout}
	}
	if f.changed("soak") {
		u.Spec.Soak = &metav1.Duration{Duration: f.soak}
	}
	if f.changed("park-max") {
		u.Spec.ParkMax = &metav1.Duration{Duration: f.parkMax}
	}
	for _, wave := range f.waves {
		u.Spec.Waves = append(u.Spec.Waves, v1alpha1.Wave{Namespaces: splitList(wave)})
	}
	var err error
	if u.Spec.Namespaces, err = f.selection(); err != nil {
		return nil, err
	}
	if u.Spec.Workloads, err = parseRules(f.rules); err != nil {
		return nil, err
	}
	if err := f.setInstaller(&u.Spec); err != nil {
		return nil, err
	}
	return u, f.setNames(ctx, u)
}

// setNames names the revision, and the run after it.
func (f *Flags) setNames(ctx context.Context, u *v1alpha1.MeshUpgrade) error {
	installer, err := InstallerOf(u.Spec)
	if err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	installer.Istioctl = f.Istioctl
	if u.Spec.Revision, err = f.revisionFor(ctx, installer); err != nil {
		return err
	}
	if u.Name == "" {
		u.Name = defaultName(u.Spec.Revision)
	}
	return nil
}

// revisionFor returns the revision to move to: the one that was given, that of
// the IstioOperator file, or one named after the version that is to be
// installed, such as 1-31-0 for 1.31.0.
func (f *Flags) revisionFor(ctx context.Context, installer install.Method) (string, error) {
	if f.revision != "" {
		return f.revision, nil
	}
	if own := installer.IstioOperator.Revision(); own != "" {
		return own, nil
	}
	version := f.version
	if version == "" {
		var err error
		if version, err = installer.Version(ctx); err != nil {
			return "", err
		}
	}
	if version == "" {
		return "", errors.New("read the command line: no revision to move to; " +
			"give its name with --to, its version with --version, or a MeshUpgrade file with -f")
	}
	return install.RevisionName(version), nil
}

// canonicalize writes kinds as Kubernetes does, and the path of a chart in a
// directory so that every process finds it.
func canonicalize(u *v1alpha1.MeshUpgrade) error {
	canonicalKinds(u.Spec.Workloads)
	if u.Spec.Helm == nil {
		return nil
	}
	c, err := install.Chart{Ref: u.Spec.Helm.Chart, Repository: u.Spec.Helm.Repository}.WithAbsolutePath(filepath.Abs)
	if err != nil {
		return fmt.Errorf("find chart %s: %w", u.Spec.Helm.Chart, err)
	}
	u.Spec.Helm.Chart = c.Ref
	return nil
}

func splitList(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func defaultName(revision string) string { return "to-" + revision }
