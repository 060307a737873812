// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/registry"
)

// Chart is the chart of istiod, as a Helm user names it, and the values for it.
type Chart struct {
	Ref         string           // a directory, an archive, oci://REGISTRY/CHART, or a name in Repository (or REPO/NAME of Helm's own list)
	Repository  string           // URL of a chart repository, "" for none
	Version     string           // the chart's version, "" for the newest there, or the only one
	Values      map[string]any   // the user's; they win
	UpgradeBase bool             // upgrade the chart base to the same version first
	InheritFrom string           // the revision whose values are carried over: "" the one in use, "none" none
	Inherited   *InheritedValues // what was carried over when the plan was agreed to; nil recovers it now
}

// IsSet reports whether there is a chart at all.
func (c Chart) IsSet() bool { return c.Ref != "" }

// String names the chart for people.
func (c Chart) String() string {
	if c.Repository != "" {
		return c.Ref + " in " + c.Repository
	}
	return c.Ref
}

// siblingChart is Istio's chart of another name, from the same place and in the
// version of this one; false where this one is not called istiod.
func (c Chart) siblingChart(name, version string) (Chart, bool) {
	at := strings.LastIndex(c.Ref, "/") + 1
	last := strings.Replace(c.Ref[at:], "istiod", name, 1)
	if last == c.Ref[at:] {
		return Chart{}, false
	}
	return Chart{Ref: c.Ref[:at] + last, Repository: c.Repository, Version: version}, true
}

// load fetches the chart, in the version that is wanted where it is not the
// chart's own to say. What Helm knows of repositories, registries and their
// credentials (helm repo add, helm registry login) counts here too.
func (c Chart) load(ctx context.Context, wanted string) (*chart.Chart, error) {
	version := cmp.Or(c.Version, wanted)
	type answer struct {
		chart *chart.Chart
		err   error
	}
	loaded := make(chan answer, 1) // Helm's fetching knows no context
	go func() {
		found, err := c.fetch(version)
		loaded <- answer{found, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-loaded:
		if a.err != nil {
			return nil, fmt.Errorf("fetch chart %s, version %s: %w; see that it is there (`helm show chart`), or name another with --chart, --repo, --chart-version", c, cmp.Or(version, "the newest"), a.err)
		}
		if c.Version != "" && a.chart.Metadata.Version != normalizeVersion(c.Version) && a.chart.Metadata.Version != c.Version {
			return nil, fmt.Errorf("fetch chart %s: it is version %s, not %s: name another chart, or ask for that version", c, a.chart.Metadata.Version, c.Version)
		}
		return a.chart, nil
	}
}

func (c Chart) fetch(version string) (*chart.Chart, error) {
	at := cmp.Or(c.Repository, c.Ref)
	options := []registry.ClientOption{registry.ClientOptEnableCache(true)}
	if isLoopback(at) {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	client, err := registry.NewClient(options...)
	if err != nil {
		return nil, err
	}
	finding := action.NewInstall(&action.Configuration{RegistryClient: client})
	finding.RepoURL, finding.Version, finding.PlainHTTP = c.Repository, version, isLoopback(at)
	path, err := finding.LocateChart(c.Ref, cli.New())
	if err != nil {
		return nil, err
	}
	found, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if found.Metadata == nil || found.Metadata.Type == "library" {
		return nil, fmt.Errorf("%s is no chart that can be installed", path)
	}
	return found, nil
}

// isLoopback reports whether a place is reached over loopback, where a
// registry speaks plain HTTP.
func isLoopback(place string) bool {
	u, err := url.Parse(place)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// WithAbsolutePath is the chart with an absolute path where it is a file or a directory
// here, so that a run finds it from wherever it goes on.
func (c Chart) WithAbsolutePath(absolute func(string) (string, error)) (Chart, error) {
	if _, err := os.Stat(c.Ref); c.Repository != "" || err != nil {
		return c, nil
	}
	path, err := absolute(c.Ref)
	c.Ref = path
	return c, err
}

var discardLogs = slog.DiscardHandler
