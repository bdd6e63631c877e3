-- A trading house: what it buys from whom, sells to whom, and who sends it there. Names as such houses give them.

CREATE TABLE [Categories] (
    [CategoryID]   INTEGER PRIMARY KEY AUTOINCREMENT,
    [CategoryName] TEXT NOT NULL,
    [Description]  TEXT,
    [Picture]      BLOB,
    UNIQUE ([CategoryName])
);

CREATE TABLE [Suppliers] (
    [SupplierID]  INTEGER PRIMARY KEY AUTOINCREMENT,
    [CompanyName] TEXT NOT NULL,
    [ContactName] TEXT,
    [Country]     TEXT,
    [HomePage]    TEXT
);

CREATE TABLE [Products] (
    [ProductID]       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    [ProductName]     TEXT NOT NULL,
    [SupplierID]      INTEGER,
    [CategoryID]      INTEGER,
    [QuantityPerUnit] TEXT,
    [UnitPrice]       NUMERIC DEFAULT 0,
    [UnitsInStock]    INTEGER DEFAULT 0,
    [UnitsOnOrder]    INTEGER DEFAULT 0,
    [ReorderLevel]    INTEGER DEFAULT 0,
    [Discontinued]    TEXT NOT NULL DEFAULT '0',
    [Value]           NUMERIC GENERATED ALWAYS AS ([UnitPrice] * [UnitsInStock]) VIRTUAL,
    CHECK ([UnitPrice] >= (0)),
    CHECK ([ReorderLevel] >= (0)),
    CHECK ([UnitsInStock] >= (0)),
    FOREIGN KEY ([CategoryID]) REFERENCES [Categories] ([CategoryID]) ON DELETE NO ACTION ON UPDATE NO ACTION,
    FOREIGN KEY ([SupplierID]) REFERENCES [Suppliers] ([SupplierID])
);

CREATE TABLE [Shippers] (
    [ShipperID]   INTEGER PRIMARY KEY AUTOINCREMENT,
    [CompanyName] TEXT NOT NULL,
    [Phone]       TEXT
);

CREATE TABLE [Customers] (
    [CustomerID]  TEXT NOT NULL CHECK (length([CustomerID]) = 5),
    [CompanyName] TEXT NOT NULL,
    [City]        TEXT,
    [Country]     TEXT DEFAULT "unknown",
    PRIMARY KEY ([CustomerID])
);

CREATE TABLE [CustomerDemographics] (
    [CustomerTypeID] TEXT NOT NULL PRIMARY KEY,
    [CustomerDesc]   TEXT
) WITHOUT ROWID;

CREATE TABLE [CustomerCustomerDemo] (
    [CustomerID]     TEXT NOT NULL REFERENCES [Customers] ON DELETE CASCADE,
    [CustomerTypeID] TEXT NOT NULL REFERENCES [CustomerDemographics] ON DELETE CASCADE,
    PRIMARY KEY ([CustomerID], [CustomerTypeID])
);

CREATE TABLE [Employees] (
    [EmployeeID] INTEGER PRIMARY KEY AUTOINCREMENT,
    [LastName]   TEXT,
    [FirstName]  TEXT,
    [BirthDate]  DATE CHECK ([BirthDate] < '2100-01-01'),
    [Photo]      BLOB,
    [ReportsTo]  INTEGER REFERENCES [Employees] ([EmployeeID]) ON DELETE SET NULL
);

CREATE TABLE [Regions] (
    [RegionID]          INTEGER NOT NULL PRIMARY KEY,
    [RegionDescription] TEXT NOT NULL
);

CREATE TABLE [Territories] (
    [TerritoryID]          TEXT NOT NULL,
    [TerritoryDescription] TEXT NOT NULL,
    [RegionID]             INTEGER NOT NULL,
    PRIMARY KEY ([TerritoryID]),
    CONSTRAINT [FK_Territories_Regions] FOREIGN KEY ([RegionID]) REFERENCES [Regions] ([RegionID]) DEFERRABLE
);

CREATE TABLE [EmployeeTerritories] (
    [EmployeeID]  INTEGER NOT NULL REFERENCES [Employees],
    [TerritoryID] TEXT NOT NULL REFERENCES [Territories],
    PRIMARY KEY ([EmployeeID], [TerritoryID])
);

CREATE TABLE [Orders] (
    [OrderID]      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    [CustomerID]   TEXT REFERENCES [Customers] ON UPDATE CASCADE,
    [EmployeeID]   INTEGER REFERENCES [Employees],
    [OrderDate]    DATETIME DEFAULT CURRENT_DATE,
    [RequiredDate] DATETIME,
    [ShippedDate]  DATETIME,
    [ShipVia]      INTEGER,
    [Freight]      NUMERIC DEFAULT 0,
    CONSTRAINT [FK_Orders_Shippers] FOREIGN KEY ([ShipVia]) REFERENCES [Shippers] ([ShipperID])
);

CREATE TABLE [Order Details] (
    [OrderID]   INTEGER NOT NULL,
    [ProductID] INTEGER NOT NULL,
    [UnitPrice] NUMERIC NOT NULL DEFAULT 0,
    [Quantity]  INTEGER NOT NULL DEFAULT 1,
    [Discount]  REAL NOT NULL DEFAULT 0,
    PRIMARY KEY ([OrderID], [ProductID]),
    CHECK ([Discount] >= (0) AND [Discount] <= (1)),
    CHECK ([Quantity] > (0)),
    FOREIGN KEY ([OrderID]) REFERENCES [Orders] ([OrderID]) ON DELETE CASCADE,
    FOREIGN KEY ([ProductID]) REFERENCES [Products] ([ProductID])
);

CREATE INDEX [Products by category] ON [Products] ([CategoryID], [ProductName]);
CREATE INDEX [Orders by customer] ON [Orders] ([CustomerID]);
CREATE INDEX [Orders that wait] ON [Orders] ([RequiredDate]) WHERE [ShippedDate] IS NULL;
CREATE INDEX [Straße, größte zuerst] ON [Customers] ([City] COLLATE NOCASE DESC);

CREATE VIEW [Order Subtotals] AS
    SELECT [Order Details].OrderID, sum("Order Details".UnitPrice * Quantity * (1 - Discount)) AS Subtotal
    FROM [Order Details] GROUP BY [Order Details].OrderID;

CREATE VIEW [Orders Qry] AS
    SELECT Orders.OrderID, Orders.OrderDate, Customers.CompanyName, Customers.City, Customers.Country
    FROM Customers JOIN Orders ON Customers.CustomerID = Orders.CustomerID;

CREATE VIEW [Sales by Year] AS
    SELECT Orders.ShippedDate, Orders.OrderID, "Order Subtotals".Subtotal, strftime('%Y', ShippedDate) AS Year
    FROM Orders INNER JOIN "Order Subtotals" ON Orders.OrderID = "Order Subtotals".OrderID
    WHERE Orders.ShippedDate IS NOT NULL;

CREATE VIEW [Products Above Average Price] AS
    SELECT ProductName, UnitPrice FROM Products WHERE UnitPrice > (SELECT avg(UnitPrice) FROM Products);

CREATE VIEW [Customer and Suppliers by City] AS
    SELECT City, CompanyName, 'Customers' AS Relationship FROM Customers
    UNION SELECT Country, CompanyName, 'Suppliers' FROM Suppliers ORDER BY 1, 2;

CREATE TRIGGER [stock goes] AFTER INSERT ON [Order Details] BEGIN
    UPDATE Products SET UnitsInStock = UnitsInStock - new.Quantity WHERE ProductID = new.ProductID;
END;

CREATE TRIGGER [stock comes back] AFTER DELETE ON [Order Details] BEGIN
    UPDATE Products SET UnitsInStock = UnitsInStock + old.Quantity WHERE ProductID = old.ProductID;
END;

CREATE VIRTUAL TABLE [Product Search] USING fts5(ProductName, QuantityPerUnit, content='Products', content_rowid='ProductID');
