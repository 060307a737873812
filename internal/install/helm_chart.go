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

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/sensitive"
)

// Chart names the istiod chart, as a Helm user does, and the values for it.
type Chart struct {
	Ref         string           // a directory, an archive, oci://REGISTRY/CHART, a name in Repository, or REPO/NAME of `helm repo list`
	Repository  string           // URL of a chart repository; "" if none
	Version     string           // of the chart; "" for the newest
	Values      map[string]any   // the user's; they override the inherited ones
	UpgradeBase bool             // first upgrade the chart base to the same version
	InheritFrom string           // the revision whose values are inherited; "" the one in use, InheritNone none
	Inherited   *InheritedValues // what the approved plan inherits; nil reads it from the cluster
}

// IsSet reports whether a chart was given.
func (c Chart) IsSet() bool { return c.Ref != "" }

// String returns the chart's name for people.
func (c Chart) String() string {
	if c.Repository != "" {
		return sensitive.URL(c.Ref) + " in " + sensitive.URL(c.Repository)
	}
	return sensitive.URL(c.Ref)
}

// siblingChart returns Istio's chart of another name from the same location, in the given version;
// false if this chart is not called istiod.
func (c Chart) siblingChart(name, version string) (Chart, bool) {
	at := strings.LastIndex(c.Ref, "/") + 1
	last := strings.Replace(c.Ref[at:], "istiod", name, 1)
	if last == c.Ref[at:] {
		return Chart{}, false
	}
	return Chart{Ref: c.Ref[:at] + last, Repository: c.Repository, Version: version}, true
}

// load fetches the chart. wanted is the version to fetch if the chart names none. Helm's own
// repositories, registries and credentials (helm repo add, helm registry login) are used.
func (c Chart) load(ctx context.Context, wanted string) (*chart.Chart, error) {
	version := cmp.Or(c.Version, wanted)
	type answer struct {
		chart *chart.Chart
		err   error
	}
	loaded := make(chan answer, 1) // Helm's download takes no context
	go func() {
		found, err := c.fetch(version)
		loaded <- answer{found, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-loaded:
		if a.err != nil {
			return nil, fmt.Errorf("fetch chart %s, version %s: %w. "+
				"Check it with `helm show chart`, or name another with --chart, --repo, --chart-version",
				c, cmp.Or(version, "the newest"), sensitive.MaskURLs(a.err))
		}
		if c.Version != "" && a.chart.Metadata.Version != mesh.PlainVersion(c.Version) && a.chart.Metadata.Version != c.Version {
			return nil, fmt.Errorf("fetch chart %s: the chart has version %s, not %s. Name another chart, or run with --chart-version %[2]s",
				c, a.chart.Metadata.Version, c.Version)
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
		return nil, fmt.Errorf("%s is a library chart or has no metadata, and cannot be installed", path)
	}
	return found, nil
}

// isLoopback reports whether a location is on this machine, where a registry speaks plain HTTP.
func isLoopback(place string) bool {
	u, err := url.Parse(place)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// WithAbsolutePath returns the chart with an absolute path if it is a local file or directory, so that a
// resumed run finds it from any working directory.
func (c Chart) WithAbsolutePath(absolute func(string) (string, error)) (Chart, error) {
	if _, err := os.Stat(c.Ref); c.Repository != "" || err != nil {
		return c, nil
	}
	path, err := absolute(c.Ref)
	c.Ref = path
	return c, err
}

var discardLogs = slog.DiscardHandler
