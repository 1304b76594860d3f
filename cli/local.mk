# cli: what this room adds to the build. SPDX-License-Identifier: MIT
